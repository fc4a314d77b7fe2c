from __future__ import annotations

import asyncio
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from bp_node.failure import CommandError
from bp_node.mail import catching


def deliver(port: int, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "node@bp.example", "mele@police.to.example", subject
    message.set_content("Une demande vous attend. لديك طلب")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.send_message(message)


async def test_messages_are_kept_whole_and_in_order(tmp_path):
    async with catching(tmp_path) as port:
        for subject in ("first", "second"):
            await asyncio.to_thread(deliver, port, subject)
    kept = [
        message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted((tmp_path / "new").iterdir())
    ]
    assert [message["subject"] for message in kept] == ["first", "second"]
    assert kept[0]["x-envelope-to"] == "mele@police.to.example"
    assert "لديك" in kept[0].get_content()
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_a_taken_port_is_told(tmp_path):
    async with catching(tmp_path) as port:
        with pytest.raises(CommandError, match="another program has it"):
            async with catching(tmp_path, port=port):
                pass
