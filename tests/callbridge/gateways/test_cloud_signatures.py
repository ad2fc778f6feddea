"""Requests to cloud vendors are signed as the vendors publish it and as their own SDKs do it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callbridge.gateways.cloud_signatures import Key, acs3, tc3
from tests.callbridge.gateways.clouds import Request, aliyun_believes, tencent_believes

RECORDED = json.loads((Path(__file__).parent / "vendor_requests.json").read_text())
BELIEVES = {"aliyun": aliyun_believes, "tencent": tencent_believes}


def test_aliyuns_published_example_comes_out() -> None:
    """help.aliyun.com, "V3 request structure and signature", the example with fixed parameters."""
    headers = acs3(
        Key("YourAccessKeyId", "YourAccessKeySecret"),
        action="RunInstances",
        version="2014-05-26",
        host="ecs.cn-shanghai.aliyuncs.com",
        query={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencents_published_example_comes_out() -> None:
    """cloud.tencent.com, "Signature v3"; the key of the example is 32 asterisks."""
    headers = tc3(
        Key("AKID" + "*" * 32, "*" * 32),
        service="cvm",
        action="DescribeInstances",
        version="2017-03-12",
        region="ap-guangzhou",
        host="cvm.tencentcloudapi.com",
        body=b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
        at=datetime.fromtimestamp(1551113065, UTC),
    )
    assert headers["authorization"] == (
        f"TC3-HMAC-SHA256 Credential=AKID{'*' * 32}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def recorded(vendor: str) -> list[Request]:
    return [Request(each["path"], each["headers"], each["body"].encode()) for each in RECORDED[vendor]["requests"]]


@pytest.mark.parametrize("vendor", ["aliyun", "tencent"])
def test_the_vendors_of_these_tests_believe_what_the_sdks_sent_and_nothing_else(vendor: str) -> None:
    believes, id_, secret = BELIEVES[vendor], RECORDED[vendor]["id"], RECORDED[vendor]["secret"]
    assert recorded(vendor)
    for request in recorded(vendor):
        assert believes(request, id_, secret)
        assert not believes(request, id_, f"{secret}x")
        assert not believes(request, f"{id_}x", secret)
        changed = replace(request, body=request.body + b" ", path=f"{request.path}&a=b")
        assert not believes(changed, id_, secret)


def of_ours(vendor: str, request: Request, key: Key) -> dict[str, str]:
    """The headers that we would have sent with the same request."""
    theirs: Any = request.headers
    if vendor == "aliyun":
        return acs3(
            key,
            action=theirs["x-acs-action"],
            version=theirs["x-acs-version"],
            host=theirs["host"],
            query=request.query,
            at=datetime.fromisoformat(theirs["x-acs-date"]),
            nonce=theirs["x-acs-signature-nonce"],
        )
    return tc3(
        key,
        service="sms",
        action=theirs["x-tc-action"],
        version=theirs["x-tc-version"],
        region=theirs["x-tc-region"],
        host=theirs["host"],
        body=request.body,
        at=datetime.fromtimestamp(int(theirs["x-tc-timestamp"]), UTC),
    )


@pytest.mark.parametrize("vendor", ["aliyun", "tencent"])
def test_who_believes_the_sdks_believes_us(vendor: str) -> None:
    key = Key(RECORDED[vendor]["id"], RECORDED[vendor]["secret"])
    for request in recorded(vendor):
        ours = replace(request, headers=of_ours(vendor, request, key))
        assert BELIEVES[vendor](ours, key.id, key.secret)
        assert not BELIEVES[vendor](ours, key.id, "another")
