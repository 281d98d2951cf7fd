"""Messages on their way out: worded, handed over by mail, chat or into the sender's own folder."""

from pipelines.notify.chat import Chat
from pipelines.notify.laying import Folder, Remote
from pipelines.notify.mailing import Mailer
from pipelines.notify.sending import deliver
from pipelines.notify.ways import NotNow, Refused, Unreachable, Unsure, Way

__all__ = [
    "Chat",
    "Folder",
    "Mailer",
    "NotNow",
    "Refused",
    "Remote",
    "Unreachable",
    "Unsure",
    "Way",
    "deliver",
]
