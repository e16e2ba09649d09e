"""What an operator leaves switched off stays off, whatever a device says of itself."""

import json

from conftest import Gate, device, running, yumen

CONFIG = """
management = ["company.toml", "state.toml"]

[server]
listen = "127.0.0.1:0"
data_dir = "data"
provider = "example"
"""


def test_the_operators_profiles_hold_for_every_device(tmp_path):
    (tmp_path / "yumen.toml").write_text(CONFIG)
    (tmp_path / "company.toml").write_text('id = "company"\nfeatures_off = ["writing.proofread"]\n'
                                           '[limits]\nretention_days = 30\n')
    state = tmp_path / "state.toml"
    state.write_text('id = "state"\n[limits]\nretention_days = 7\n')
    config = tmp_path / "yumen.toml"
    checked = json.loads(yumen("--json", "check", "--config", config).stdout)
    assert checked["management_conflicts"] == [
        {"key": "limits.retention_days", "values": [["company", 30], ["state", 7]], "chosen": 7}]
    key = yumen("keys", "add", "--config", config, "--name", "test").stdout.strip()
    with running("serve", "--config", config) as (_, addresses):
        gate = Gate(addresses["gate"])
        verdicts = gate.eligibility(device(), key=key).json["verdicts"]
        codes = {verdict["feature"]: verdict["code"] for verdict in verdicts}
        assert codes["writing.proofread"] == "managed_off"
        assert codes["writing.summary"] == "eligible"

    state.write_text('id = "state"\n[limit]\nretention_days = 7\n')
    for command in ("check", "serve"):
        refused = yumen(command, "--config", config, check=False)
        assert refused.returncode != 0
        assert "state.toml" in refused.stderr and "limit" in refused.stderr
