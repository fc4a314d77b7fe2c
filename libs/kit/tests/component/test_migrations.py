import pytest
from alembic import command

from bp_kit.migrations import config_for
from bp_kit.testing import postgres


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/service.sqlite"
        return
    name = postgres.new_database()
    yield postgres.url_of(name)
    postgres.drop_database(name)


def test_the_chain_goes_up_and_down_and_matches_the_models(url):
    config = config_for("bp_shelf", url)
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
