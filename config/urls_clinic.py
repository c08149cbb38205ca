"""URLs of every clinic's host."""

from bookings.desk.site import clinic_site
from django.urls import include, path

handler400 = "bookings.pages.errors.bad_request"
handler403 = "bookings.pages.errors.forbidden"
handler404 = "bookings.pages.errors.not_found"
handler500 = "bookings.pages.errors.server_error"

urlpatterns = [
    path("", include("bookings.pages.urls")),
    path("account/", include("accounts.urls")),
    path("admin/", clinic_site.urls),
    path("api/v1/", include("bookings.api.urls")),
]
