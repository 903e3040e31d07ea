"""HTTP to Telegram: python-telegram-bot's `BaseRequest`, short calls over our own connections, files and whatever has
to go through a proxy over aiohttp. Both are several times faster than what comes with the library.

Errors say whether the request can have reached Telegram: `NotSentError` means it cannot.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.connections import CONNECT_TIMEOUT, KEEP_ALIVE, MOST, Connections, NoConnectionError

READ_TIMEOUT = 20.0
UPLOAD_TIMEOUT = 60.0
_JSON = "application/json"  # a tenth of the time that a form takes
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')  # in a file name: what would end it, or the header it stands in
_NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError, aiohttp.ConnectionTimeoutError)


class NotSentError(NetworkError):
    """No connection came about: Telegram has not seen the request."""


class Transport(BaseRequest):
    """A pool of connections to one Bot API server; `rebuild` throws them away."""

    def __init__(self, *, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._direct: dict[str, Connections] = {}  # by origin

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT

    async def initialize(self) -> None:
        """Connections come about when they are needed."""

    async def shutdown(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
        direct, self._direct = self._direct, {}
        for connections in direct.values():
            await connections.close()

    async def rebuild(self) -> None:
        """Drop every connection: a proxy that lost one handshake can otherwise leave us deaf for ever."""
        await self.shutdown()

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
        if request_data is None or request_data.contains_files:
            form = _form(request_data) if request_data is not None else None
            status, body = await self._over_aiohttp(method, url, form, float(total))
        else:
            status, body = await self._post(url, request_data.json_parameters, float(total))
        if status >= 500:  # an answer, so nothing was done; the body is often no JSON
            raise NotSentError(f"server error {status}")
        return status, body

    async def post_raw(self, url: str, parameters: dict[str, object], *, timeout: float) -> tuple[int, bytes]:  # noqa: ASYNC109
        """A raw call whose answer the caller reads himself (a batch with one malformed update must not fail whole)."""
        return await self._post(url, parameters, timeout)

    async def _post(self, url: str, parameters: Mapping[str, object], total: float) -> tuple[int, bytes]:
        body = json.dumps(parameters).encode()
        if self._proxy:
            return await self._over_aiohttp("POST", url, body, total)
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if (connections := self._direct.get(origin)) is None:
            connections = self._direct[origin] = Connections(origin)
        try:
            return await connections.post(url.removeprefix(origin), body, _JSON, timeout=total)
        except NoConnectionError as error:
            raise NotSentError(str(error)) from None
        except TimeoutError:
            raise TimedOut("no answer in time") from None
        except OSError as error:
            raise NetworkError(type(error).__name__) from None

    async def _over_aiohttp(
        self, method: str, url: str, data: aiohttp.FormData | bytes | None, total: float
    ) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=self._connector(), trust_env=False)
        limits = aiohttp.ClientTimeout(total=total, connect=CONNECT_TIMEOUT)
        headers = {"Content-Type": _JSON} if isinstance(data, bytes) else None
        proxy = self._proxy if self._proxy and not self._proxy.startswith("socks") else None
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=limits, proxy=proxy
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

            return ProxyConnector.from_url(self._proxy, limit=MOST)
        return aiohttp.TCPConnector(limit=MOST, keepalive_timeout=KEEP_ALIVE)


def _form(data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # Telegram shows a quoted name as it is, per cent by per cent
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, mime) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=_UNSAFE.sub("_", file_name), content_type=mime)
    return form
