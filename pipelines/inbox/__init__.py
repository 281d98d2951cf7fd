"""The inbox: channels hand over files; each gets a receipt and is kept before it is parsed."""

from pipelines.inbox.arriving import Channel, Delivery, Letter, Taken
from pipelines.inbox.drop_folder import DropFolder
from pipelines.inbox.hand_in import HandIn
from pipelines.inbox.mailbox import Mailbox
from pipelines.inbox.object_storage import ObjectStorage
from pipelines.inbox.sftp import SftpDrop
from pipelines.inbox.taking import take

__all__ = [
    "Channel",
    "Delivery",
    "DropFolder",
    "HandIn",
    "Letter",
    "Mailbox",
    "ObjectStorage",
    "SftpDrop",
    "Taken",
    "take",
]
