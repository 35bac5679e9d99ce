"""A customer's file from Twilio, without ever showing our credentials to another host.

Twilio's media URL wants Basic auth and answers with a redirect to a signed address elsewhere. So:
credentials only for the origin of `TWILIO_API_BASE_URL`; redirects followed by hand; TLS only; and
no address inside our own network. With a base URL on loopback (a fake) it is the other way round:
only loopback, so that a test never reaches out.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import tempfile
import time
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from bot.channels.errors import MediaError
from bot.channels.twilio.client import is_loopback, tokens
from bot.config import Settings

CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 15.0  # seconds, read: between two pieces
TOTAL_TIMEOUT = 90.0  # seconds for the whole file
MAX_REDIRECTS = 3
_CHUNK = 64 * 1024
_IN_MEMORY = 1024 * 1024


class _PublicConnection(HTTPSConnection):
    """A TLS connection that refuses a peer inside our network before it says a word.

    The name is looked at before connecting, so that nothing inside is even knocked at, and the
    peer after it, because the name may have resolved differently in between.
    """

    def _new_conn(self) -> socket.socket:
        with contextlib.suppress(OSError, UnicodeError):  # what does not resolve fails below
            for found in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
                _refuse_inside(str(found[4][0]))
        connection = super()._new_conn()
        try:
            _refuse_inside(str(connection.getpeername()[0]))
        except BaseException:
            connection.close()
            raise
        return connection


def _refuse_inside(text: str) -> None:
    address = ipaddress.ip_address(text.partition("%")[0])
    if not address.is_global or address.is_multicast:
        raise MediaError("the file is at an address inside our network", permanent=True)


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}


class _NoAuth(AuthBase):
    """Says explicitly "no credentials", or requests would look for some in a .netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class MediaFetcher:
    """Fetches files for one account."""

    def __init__(self, settings: Settings, max_bytes: int) -> None:
        self._base = parse_url(settings.twilio_api_base_url)
        self._local = is_loopback(settings.twilio_api_base_url)
        self._credentials = HTTPBasicAuth(
            settings.twilio_account_sid, next(iter(tokens(settings)), "")
        )
        self._max_bytes = max_bytes

    def open(self, reference: str) -> tuple[str, BinaryIO]:
        """Return (content type, file at its beginning) of a media URL; raise MediaError.

        The file is complete when this returns: on disk if it is large, gone when it is closed.
        Permanent: it does not exist any more, is too large, or lies where we do not go.
        """
        url = reference
        deadline = time.monotonic() + TOTAL_TIMEOUT
        with requests.Session() as session:
            if self._local:
                session.trust_env = False
            for _ in range(MAX_REDIRECTS + 1):
                response = self._get(session, url)
                try:
                    if response.is_redirect:
                        url = urljoin(url, response.headers["location"])
                        continue
                    return self._read(response, deadline)
                finally:
                    response.close()
        raise MediaError("too many redirects to the file")

    def _get(self, session: requests.Session, url: str) -> requests.Response:
        try:
            request = session.prepare_request(requests.Request("GET", url, auth=_NoAuth()))
            # Judged in the spelling that will be used, so that no two parsers can disagree.
            target = parse_url(cast(str, request.url))
        except (requests.RequestException, ValueError) as error:
            raise MediaError("the file's address can not be read", permanent=True) from error
        ours = _origin(target) == _origin(self._base)
        self._check(target, ours)
        if ours:
            request.prepare_auth(self._credentials)
        session.mount("https://", HTTPAdapter() if ours or self._local else _PublicAdapter())
        settings = session.merge_environment_settings(request.url, {}, True, None, None)
        try:
            return session.send(
                request,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                **settings,
            )
        except requests.RequestException as error:
            raise MediaError("the file's host does not answer") from error
        except (HTTPError, ValueError) as error:  # a host name that no resolver takes
            raise MediaError("the file's address can not be used", permanent=True) from error

    def _check(self, target: Url, ours: bool) -> None:
        host = (target.host or "").strip("[]")
        if target.auth is not None or not host:
            raise MediaError("the file's address can not be used", permanent=True)
        if self._local:
            if not is_loopback(target.url):
                raise MediaError("the file is not on this machine", permanent=True)
            return
        if target.scheme != "https":
            raise MediaError("the file's address is not https", permanent=True)
        if not ours and is_loopback(target.url):
            raise MediaError("the file is at an address inside our network", permanent=True)

    def _read(self, response: requests.Response, deadline: float) -> tuple[str, BinaryIO]:
        if response.status_code in (404, 410):
            raise MediaError("the file does not exist any more", permanent=True)
        if response.status_code != 200:
            raise MediaError(f"the file's host answered {response.status_code}")
        stated = response.headers.get("content-length", "")
        if stated.isdigit() and int(stated) > self._max_bytes:
            raise MediaError("the file is too large", permanent=True)
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
            size = 0
            try:
                for chunk in response.iter_content(_CHUNK):
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise MediaError("the file is too large", permanent=True)
                    if time.monotonic() > deadline:
                        raise MediaError("the file comes too slowly")
                    file.write(chunk)
            except requests.RequestException as error:
                raise MediaError("the file broke off") from error
            stack.pop_all()  # all is well: the caller closes it
        file.seek(0)
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return content_type or "application/octet-stream", cast(BinaryIO, file)


def _origin(url: Url) -> tuple[str, str, int]:
    scheme = (url.scheme or "").lower()
    return scheme, url.host or "", url.port or (443 if scheme == "https" else 80)
