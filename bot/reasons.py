"""Why the system did not let us at a file, in Chinese: its own sentences are English."""

import errno
from types import MappingProxyType

_REASONS = MappingProxyType(
    {
        errno.ENOENT: "没有这个文件或目录",
        errno.EISDIR: "这是一个目录",
        errno.ENOTDIR: "上级目录的位置是一个文件",
        errno.EEXIST: "已有同名文件",
        errno.ENAMETOOLONG: "名称太长",
        errno.ENOSPC: "磁盘已满",
        errno.EDQUOT: "磁盘配额已满",
        errno.EROFS: "磁盘只读",
        errno.EACCES: "没有权限",
        errno.EPERM: "没有权限",
    }
)


def why(error: OSError) -> str:
    return _REASONS.get(error.errno or 0, "系统不允许")
