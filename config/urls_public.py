"""URLs of the public site (BASE_DOMAIN itself)."""

from django.urls import include, path

from tenants import certificates, views
from tenants.operators.site import operators_site

handler400 = "tenants.views.bad_request"
handler403 = "tenants.views.forbidden"
handler404 = "tenants.views.not_found"
handler500 = "tenants.views.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("signup/", include("tenants.signup.urls")),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("may-have-certificate", certificates.may_have),
    path("favicon.ico", views.favicon),
    path("admin/", operators_site.urls),
]
