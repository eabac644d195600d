"""The manifests and the values of the chart. deploy/try-chart.sh renders the chart itself, where helm is."""

import json
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from pyzoo import __version__
from pyzoo.cli.serve import config_from_file
from tests.support.entry_point import OURS, ROOT, own_host, run

CHART = ROOT / "deploy" / "helm" / "pyzoo"
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "pyzoo.yaml").read_text()))


def manifest(kind: str) -> dict[str, Any]:
    [found] = [each for each in MANIFESTS if each["kind"] == kind]
    return found


def container() -> dict[str, Any]:
    [found] = manifest("StatefulSet")["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize("each", MANIFESTS, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_a_manifest_follows_the_schema_of_kubernetes(each: dict[str, Any]) -> None:
    kubernetes_validate.validate(each, "1.31", strict=True)


def test_names_that_manifests_refer_to_are_there() -> None:
    stateful_set = manifest("StatefulSet")["spec"]
    labels = stateful_set["template"]["metadata"]["labels"]
    names = {(each["kind"], each["metadata"]["name"]) for each in MANIFESTS}
    assert ("Service", stateful_set["serviceName"]) in names
    assert ("ConfigMap", container()["envFrom"][0]["configMapRef"]["name"]) in names
    selectors = [each["spec"]["selector"] for each in MANIFESTS if "selector" in each.get("spec", {})]
    assert 4 == len(selectors)
    for selector in selectors:
        assert selector.get("matchLabels", selector).items() <= labels.items()


def test_every_pod_is_the_member_with_its_ordinal(tmp_path: Any) -> None:
    stateful_set = manifest("StatefulSet")
    name, service = stateful_set["metadata"]["name"], stateful_set["spec"]["serviceName"]
    for ordinal in range(stateful_set["spec"]["replicas"]):
        hostname = f"{name}-{ordinal}"
        # The command of the container, up to the entry point, which writes its files here.
        [bash, dash_c, script] = container()["command"]
        asked = script.replace("exec /docker-entrypoint.sh zkServer.sh start-foreground", 'printf %s "$ZOO_MY_ID"')
        assert asked != script
        my_id = run(OURS, tmp_path, {"HOSTNAME": hostname}, bash, dash_c, asked).stdout
        assert str(ordinal + 1) == my_id
        place = tmp_path / hostname
        place.mkdir()
        variables = manifest("ConfigMap")["data"] | {"ZOO_DATA_LOG_DIR": str(place / "data"), "ZOO_MY_ID": my_id}
        run(OURS, place, variables).check_returncode()
        config, _ = config_from_file(str(place / "conf" / "zoo.cfg"), {})
        address = f"{hostname}.{service}.zookeeper.svc.cluster.local"
        assert (ordinal + 1, address) == (config.server_id, own_host(config))


def test_pods_may_run_where_the_restricted_policy_holds() -> None:
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]
    assert {"runAsNonRoot": True, "runAsUser": 1000}.items() <= pod["securityContext"].items()
    assert "RuntimeDefault" == pod["securityContext"]["seccompProfile"]["type"]
    own = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert own == container()["securityContext"]


def test_the_chart_is_of_this_version() -> None:
    assert __version__ == yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert __version__ == manifest("StatefulSet")["metadata"]["labels"]["app.kubernetes.io/version"]


def test_default_values_follow_their_schema() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.validate(values, schema)
    assert set(values) == set(schema["properties"]) - {"global"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicas": 2},
        {"replica": 3},
        {"config": {"a": "two words"}},
        {"quorumTls": {"enabled": True, "secretName": ""}},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any]) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)
