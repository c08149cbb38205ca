"""What every refusal looks like."""

ZERO_ID = "00000000-0000-0000-0000-000000000000"
NOT_IDS = ["", "x", "1", "-1", "9" * 400, "../../etc/passwd", "’; DROP TABLE", 5, None]
NOT_IDS += [True, [], {}, 1.5, ZERO_ID[:-1], ZERO_ID + "0"]


def refused(answer, status=400, code="invalid", field=None):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(told)
    assert (told["status"], told["code"]) == (status, code)
    if field:
        assert list(told["errors"]) == [field]
        assert all(isinstance(text, str) for text in told["errors"][field])
    return True
