"""Advise to install what this checkout can install: no package of an index, and an extra that is declared."""

from __future__ import annotations

import re
import tomllib

import pytest

from storage.model.extras import Extra, missing_extra
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_each_declared_extra_is_known_and_the_readme_installs_them_all() -> None:
    declared = {name for name in PROJECT["optional-dependencies"] if name != "dev"}
    assert set(Extra) == declared
    [installed] = re.findall(r"uv tool install '\.\[([\w,]+)\]'", README)
    assert set(installed.split(",")) == declared


@pytest.mark.parametrize("extra", Extra)
def test_the_advice_installs_the_checkout_as_the_readme_does(extra: Extra) -> None:
    said = missing_extra("x needs y", extra)
    assert said.startswith("x needs y; ")
    assert f"uv tool install '.[{extra}]'" in said
    assert "presswatch[" not in said
