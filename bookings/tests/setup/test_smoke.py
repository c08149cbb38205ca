from bookings.tests import make


def test_smoke(clinic, clinic_client):
    owner = make.user(role="owner", password=None)
    clinic_client.force_login(owner)
    got = clinic_client.get("/setup/", follow=True)
    print(got.redirect_chain)
    assert got.status_code == 200
    got = clinic_client.post("/setup/place/", {"skip": "1"}, follow=True)
    print(got.redirect_chain)
    got = clinic_client.get("/setup/services/?kind=general")
    form = got.context["form"]
    data = {"kind": "general"}
    for line in form.lines:
        for f in line:
            v = f.value()
            if v not in (None, False, ""):
                data[f.html_name] = v
    got = clinic_client.post("/setup/services/", data, follow=True)
    print(got.redirect_chain, got.status_code)
    data = {"name": "Ann Smith"}
    for f in got.context["form"]:
        v = f.value()
        if v not in (None, False, ""):
            data.setdefault(f.html_name, v.strftime("%H:%M") if hasattr(v, "strftime") else v)
    got = clinic_client.post("/setup/doctor/", data, follow=True)
    print(got.redirect_chain, got.status_code)
    if got.status_code == 422: print(got.context["form"].errors)
    got = clinic_client.post("/setup/look/", {"skip": 1}, follow=True)
    assert "Patients can book now" in got.content.decode()
    print(got.content.decode()[2000:4000])
    assert "Finish setting up" in clinic_client.get("/admin/").content.decode()
