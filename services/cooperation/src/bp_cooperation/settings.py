"""Settings of cooperation: environment variables that begin with `BP_COOPERATION__`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from bp_access.rules import RulesNotAllowedError, load_rules
from bp_cooperation.usecases.work import Rules
from bp_kit.settings import ServiceSettings

_MIB = 1024 * 1024
_YEAR = timedelta(days=365)


class CooperationSettings(ServiceSettings):
    """What cooperation is told."""

    model_config = SettingsConfigDict(env_prefix="BP_COOPERATION__", frozen=True, extra="forbid")

    countries: tuple[str, ...] = Field(
        default=(),
        description="ISO 3166-1 alpha-3 codes of the countries whose units are served here; none: the node's own.",
    )
    retention: timedelta = Field(
        default=5 * _YEAR, gt=timedelta(0), description="Until content is destroyed, where its author does not say."
    )
    longest_retention: timedelta = Field(
        default=30 * _YEAR, le=100 * _YEAR, description="The longest that an author may have content kept."
    )
    draft_lifetime: timedelta = Field(
        default=timedelta(days=30), ge=timedelta(days=1), description="Drafts untouched for it are deleted."
    )
    waiting_lifetime: timedelta = Field(
        default=timedelta(days=120),
        ge=timedelta(days=1),
        description="Replies whose request does not arrive within it are forgotten.",
    )
    answer_time: timedelta = Field(
        default=timedelta(days=7),
        gt=timedelta(0),
        le=timedelta(days=365),
        description="Holders that have not answered a recall or the like within it are overdue.",
    )
    retention_interval: timedelta = Field(
        default=timedelta(minutes=5), gt=timedelta(0), description="How often is looked for what must be destroyed."
    )
    attachment_bytes: int = Field(default=100 * _MIB, ge=1, le=1024 * _MIB, description="Largest file.")
    attachment_count: int = Field(default=20, ge=1, le=20, description="Most files of one request or reply.")

    access_rules: Path | None = Field(
        default=None,
        description="File of the country's own access rules: Cedar policies that only forbid; see docs/access.md.",
    )

    @field_validator("access_rules")
    @classmethod
    def _only_forbids(cls, value: Path | None) -> Path | None:
        """Rules that cannot be taken are told before anything starts."""
        if value is not None:
            try:
                load_rules(value.read_text("utf-8"))
            except OSError as error:
                raise ValueError(f"cannot be read: {error.strerror}") from None
            except RulesNotAllowedError as error:
                raise ValueError(f"{value}:{error.line}: {error.why}") from None
        return value

    def country_rules(self) -> str:
        """Returns the text of the country's own access rules; empty for none."""
        return self.access_rules.read_text("utf-8") if self.access_rules else ""

    def rules(self, own_country: str) -> Rules:
        """Returns what use cases need of them.

        Args:
            own_country: The country that the node speaks for.
        """
        return Rules(
            countries=frozenset(self.countries or (own_country,)),
            retention=self.retention,
            longest_retention=max(self.longest_retention, self.retention),
            draft_lifetime=self.draft_lifetime,
            waiting_lifetime=self.waiting_lifetime,
            answer_time=self.answer_time,
            attachment_bytes=self.attachment_bytes,
            attachment_count=self.attachment_count,
        )
