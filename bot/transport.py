"""HTTP to Telegram: python-telegram-bot's `BaseRequest` over aiohttp, which is several times faster than its own.

Errors say whether the request can have reached Telegram: `NotSentError` means it cannot.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

POOL = 128  # connections: messages a second times the round trip, with room
READ_TIMEOUT = 20.0
UPLOAD_TIMEOUT = 60.0
CONNECT_TIMEOUT = 10.0
KEEP_ALIVE = 50.0
_JSON = {"Content-Type": "application/json"}  # written in a tenth of the time that a form takes
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')  # in a file name: what would end it, or the header it stands in
_NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError, aiohttp.ConnectionTimeoutError)


class NotSentError(NetworkError):
    """No connection came about: Telegram has not seen the request."""


class Transport(BaseRequest):
    """A pool of connections to one Bot API server; `rebuild` throws them away and starts anew."""

    def __init__(self, *, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=self._connector(), trust_env=False)

    async def shutdown(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def rebuild(self) -> None:
        """Drop every connection: a proxy that lost one handshake can otherwise leave us deaf for ever."""
        await self.shutdown()
        await self.initialize()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        total = read_timeout if isinstance(read_timeout, int | float) else READ_TIMEOUT
        if isinstance(read_timeout, DefaultValue) and request_data is not None and request_data.contains_files:
            total = UPLOAD_TIMEOUT
        data: aiohttp.FormData | bytes | None = None
        if request_data is not None:
            data = _form(request_data) if request_data.contains_files else _json(request_data.json_parameters)
        status, body = await self._request(method, url, data, float(total))
        if status >= 500:  # an answer, so nothing was done; the body is often no JSON
            raise NotSentError(f"server error {status}")
        return status, body

    async def post_raw(self, url: str, parameters: dict[str, object], *, timeout: float) -> tuple[int, bytes]:  # noqa: ASYNC109
        """A raw call whose answer the caller reads himself (a batch with one malformed update must not fail whole)."""
        return await self._request("POST", url, _json(parameters), timeout)

    async def _request(
        self, method: str, url: str, data: aiohttp.FormData | bytes | None, total: float
    ) -> tuple[int, bytes]:
        if self._session is None:
            await self.initialize()
        assert self._session is not None
        headers = _JSON if isinstance(data, bytes) else None
        proxy = self._proxy if self._proxy and not self._proxy.startswith("socks") else None
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=_limits(total), proxy=proxy
            ) as answer:
                return answer.status, await answer.read()
        except _NO_CONNECTION as error:
            raise NotSentError(type(error).__name__) from None
        except TimeoutError:
            raise TimedOut("no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            # Only the class is told: the text of some of these holds the address, and with it the token.
            raise NetworkError(type(error).__name__) from None

    def _connector(self) -> aiohttp.BaseConnector:
        if self._proxy and urlsplit(self._proxy).scheme.startswith("socks"):
            from aiohttp_socks import ProxyConnector  # noqa: PLC0415  # only where a SOCKS proxy is configured

            return ProxyConnector.from_url(self._proxy, limit=POOL)
        return aiohttp.TCPConnector(limit=POOL, keepalive_timeout=KEEP_ALIVE)


@lru_cache(maxsize=8)
def _limits(total: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total, connect=CONNECT_TIMEOUT)


def _json(parameters: Mapping[str, object]) -> bytes:
    return json.dumps(parameters).encode()


def _form(data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # Telegram shows a quoted name as it is, per cent by per cent
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, mime) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=_UNSAFE.sub("_", file_name), content_type=mime)
    return form
