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


def source(version, what, asked="mask"):
    """A pack with one rule, as TOML. `what` is what the rule looks for, as TOML; `asked` is what happens to an input with
    it."""
    return PACK.format(version=version, what=what, asked=asked)


def made(run, folder, version, what, *, asked="mask", key=None):
    """The same built, and signed with `key` if one is given. `run` runs a command of the program."""
    written, built = folder / f"{version}.toml", folder / f"{version}.ypack"
    written.write_text(source(version, what, asked))
    run("pack", "build", written, "--out", built)
    if key:
        run("pack", "sign", built, "--key", key)
    return built
