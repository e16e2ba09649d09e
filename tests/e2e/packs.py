"""Packs of invented terms, made as an operator makes them. Python's standard library only, so that the bench may use it
too."""

PACK = """
id = "lanterns"
version = "{version}"
issued = "2026-11-20"
expires = "2030-01-01"
owner = "tests"
source = "invented"

[[category]]
id = "lanterns"
text = {{ en = "lanterns", zh = "灯笼" }}

[[rule]]
id = "lanterns.colour"
category = "lanterns"
severity = 3
{what}
placeholder = "lantern"
actions = {{ to_partner = "{asked}", from_partner = "mask", to_device = "{asked}", from_device = "mask" }}
text = {{ en = "This kind of lantern is not for here.", zh = "此处不可有这种灯笼。" }}
source = "invented"
"""


def made(run, folder, version, what, *, asked="mask", key=None):
    """A built pack with one rule, signed with `key` if one is given. `run` runs a command of the program; `what` is what
    the rule looks for, as TOML; `asked` is what happens to an input with it."""
    source, built = folder / f"{version}.toml", folder / f"{version}.ypack"
    source.write_text(PACK.format(version=version, what=what, asked=asked))
    run("pack", "build", source, "--out", built)
    if key:
        run("pack", "sign", built, "--key", key)
    return built
