"""Enterprise chat: a digest into a group of WeCom, DingTalk, Feishu or any webhook, by apprise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from pipelines.notify.ways import NotNow, Refused
from warehouse.outbox import Message


class Chat:
    """Groups by the name that the settings give their webhook."""

    again = False

    def __init__(self, groups: Mapping[str, SecretStr]) -> None:
        self._groups = groups

    def hand_over(self, message: Message, files: Sequence[tuple[str, bytes]]) -> None:
        """Post subject and text; files do not go into a chat."""
        import apprise

        if message.address not in self._groups:
            raise NotNow(f"没有设置群“{message.address}”")
        way = apprise.Apprise()
        if not way.add(self._groups[message.address].get_secret_value()):
            raise Refused(f"群“{message.address}”的地址不是 apprise 认识的写法")
        if not way.notify(title=message.subject, body=message.body, body_format="text"):
            raise NotNow("没有发出")
