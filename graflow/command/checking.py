"""The command `check`: whether a server or a file is fit for channels."""

from __future__ import annotations

from graflow.command.arguments import AsJson, Url
from graflow.command.examined.diagnosis import Diagnosis
from graflow.command.failures import NotThere, answering
from graflow.command.output.records import show_records
from graflow.command.places import is_on_server, place

__all__ = ["check"]


@answering
def check(url: Url, as_json: AsJson = False) -> None:
    """Look whether a server or a file is there, and fit for channels; nothing is written.

    Exits with 1 if something is bad, and with 2 if it can't be reached.

    Example: graflow check redis://localhost:6379/0
    """
    with place(url) as any_channel:
        backend = any_channel.backend
        if is_on_server(any_channel):
            from graflow.command.examined.server import examined_server  # noqa: PLC0415

            found = [Diagnosis("reached", backend.address, "ok"), *examined_server(backend)]
        else:
            from graflow.command.examined.file import examined_file  # noqa: PLC0415

            found = list(examined_file(backend.address))
            any_channel.exists("graflow-check")  # it can be used; and its log is not left behind
    show_records(Diagnosis._fields, (each._asdict() for each in found), as_json=as_json)
    bad = [each.what for each in found if each.state == "bad"]
    if bad:
        raise NotThere(f"not as it should be: {', '.join(bad)}")
