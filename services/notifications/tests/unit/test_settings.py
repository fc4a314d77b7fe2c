import pytest
from pydantic import ValidationError

from bp_notifications.settings import NotificationsSettings

GIVEN = {"database_url": "sqlite+aiosqlite://", "public_url": "https://ton.example"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_url": "ton.example"},
        {"mail_from": "nobody"},
        {"mail_from": "a@b@c"},
        {"mail_from": "x@y\nBcc: z@y"},
        {"smtp_security": "ssl"},
        {"smtp_host": "mail.example", "smtp_username": "node", "smtp_password": "geheim"},
        {"mail_retry": "PT0S"},
    ],
)
def test_what_cannot_work_is_refused_at_the_start(wrong):
    with pytest.raises(ValidationError) as refused:
        NotificationsSettings(**(GIVEN | wrong))
    assert "geheim" not in str(refused.value)


def test_a_password_is_never_shown():
    settings = NotificationsSettings(**GIVEN, smtp_username="node", smtp_password="geheim")
    assert "geheim" not in f"{settings!r} {settings.model_dump_json()}"
    assert settings.mail_server.password == "geheim"
