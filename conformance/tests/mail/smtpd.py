"""A mail server for tests: smtpd.py DIRECTORY plain|starttls|tls

Prints its port once it listens. Mail n becomes 000n.eml as received and 000n.json (sender, recipients, TLS, user), which
is renamed into place last. Recipients named `reject`, `later` and `hang` are refused, put off, and never answered.
"""
import asyncio
import itertools
import json
import pathlib
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

FOLDER, MODE = pathlib.Path(sys.argv[1]), sys.argv[2]
FAULTS = {"reject": "550 5.1.1 no such user", "later": "451 4.3.0 try again later"}
NUMBERS = itertools.count(1)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        box = address.split("@")[0]
        if box == "hang":
            await asyncio.sleep(600)
        if box not in FAULTS:
            envelope.rcpt_tos.append(address)
        return FAULTS.get(box, "250 OK")

    async def handle_DATA(self, server, session, envelope):
        mail = FOLDER / f"{next(NUMBERS):04}"
        mail.with_suffix(".eml").write_bytes(envelope.original_content)
        user = getattr(session.auth_data, "login", b"").decode() or None
        tls = session.ssl is not None or MODE == "tls"
        told = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": tls, "user": user,
                "peer": session.peer[1]}
        mail.with_suffix(".tmp").write_text(json.dumps(told))
        mail.with_suffix(".tmp").rename(mail.with_suffix(".json"))
        return "250 queued"


def check(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"mailer", b"secret")
    return AuthResult(success=known, handled=known, auth_data=data if known else None)


options = {
    "hostname": "127.0.0.1",
    "port": int(sys.argv[3]),
    "server_hostname": "localhost",
    "authenticator": check,
    "auth_required": MODE != "plain",
    "auth_require_tls": MODE == "starttls",
}
if MODE != "plain":
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(FOLDER / "tls.crt", FOLDER / "tls.key")
    if MODE == "tls":
        options["ssl_context"] = tls
    else:
        options |= {"tls_context": tls, "require_starttls": True}
controller = Controller(Handler(), **options)
controller.start()
print("ready", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
controller.stop()
