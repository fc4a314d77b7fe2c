import re

import yaml

from bp_identity.adapters.oauth import pages
from bp_kit.language import LANGUAGES


def test_every_text_stands_in_every_language():
    for key, by_language in pages._read_texts().items():
        assert set(by_language) == set(LANGUAGES), key
        assert all(text.strip() for text in by_language.values()), key
        braces = {tuple(re.findall(r"\{\w+\}", text)) for text in by_language.values()}
        assert len(braces) == 1, key
        if key != "language_name":
            assert len(set(by_language.values())) == len(LANGUAGES), key


def test_every_text_is_used_and_every_one_used_is_there():
    from importlib.resources import files

    folder = files("bp_identity").joinpath("pages")
    templates = "".join(one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".html"))
    used = set(re.findall(r"text\.(\w+)", templates)) | {"language_name", "not_the_same", "stale", "device_check"}
    assert used == set(yaml.safe_load(folder.joinpath("texts.yaml").read_text("utf-8")))


def test_language_is_what_the_client_says_else_the_browsers():
    assert pages.language_of({"ui_locales": ["ar-FJ en"]}, "fr") == "ar"
    assert pages.language_of({"ui_locales": ["xx fr"]}, "es") == "fr"
    assert pages.language_of({"ui_locales": ["xx"]}, "es;q=0.9, de") == "es"
    assert pages.language_of({}, "") == "en"
