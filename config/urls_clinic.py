"""URLs of every clinic's host."""

from django.urls import include, path, re_path

from bookings.api.unknown import not_found as no_such_call
from bookings.desk.site import clinic_site
from tenants import support_views
from tenants.signup import welcome_views
from tenants.views import favicon

handler400 = "bookings.pages.errors.bad_request"
handler403 = "bookings.pages.errors.forbidden"
handler404 = "bookings.pages.errors.not_found"
handler500 = "bookings.pages.errors.server_error"

urlpatterns = [
    path("", include("bookings.pages.urls")),
    path("account/support/", support_views.enter, name="support-enter"),
    path("account/support/<str:token>/", support_views.link, name="support-link"),
    path("account/welcome/", welcome_views.enter, name="welcome"),
    path("account/welcome/<str:token>/", welcome_views.link, name="welcome-link"),
    path("account/", include("accounts.urls")),
    path("clinic/", include("tenants.owner.urls")),
    path("setup/", include("bookings.setup.urls")),
    path("favicon.ico", favicon),
    path("admin/", clinic_site.urls),
    path("api/v1/", include("bookings.api.urls")),
    re_path(r"^api/", no_such_call),  # never DEBUG's page about URLs
]
