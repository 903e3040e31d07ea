"""What an error of the database says: whether it is worth a repeat, and whether it concerns everybody."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_TRANSIENT = {"40001", "40P01", "57P01", "57P02", "57P03", "08000", "08003", "08006"}  # SQLSTATE worth a repeat
_OWN = {"54000", "54001", "54011", "54023", "57014"}  # operational, but of one statement: too large, too slow
_DOWN = {  # SQLite: the file, the disk or somebody's lock
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}


def is_transient(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _TRANSIENT


def is_write(error: DBAPIError) -> bool:
    """Somebody writes while reading: a mistake of ours, which waiting does not mend."""
    return getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY


def concerns_all(error: DBAPIError) -> bool:
    """Whether it is the connection, the disk or somebody's lock, and not what one call asked for."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _DOWN  # the rest of the code says which kind
    is_of_operation = isinstance(error, OperationalError | InterfaceError)
    return is_transient(error) or (is_of_operation and getattr(error.orig, "sqlstate", None) not in _OWN)
