"""Pages under /clinic/ on every clinic's host, for its owner."""

from django.urls import path

from tenants.owner import closing, data, names, views

app_name = "owner"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("events/", views.events, name="events"),
    path("visits/<uuid:visit_id>/end/", views.end_visit, name="visit-end"),
    path("domains/", names.add, name="domain-add"),
    path("domains/none/primary/", names.use_platform, name="domain-platform"),
    path("domains/<int:domain_id>/check/", names.check, name="domain-check"),
    path("domains/<int:domain_id>/primary/", names.use, name="domain-primary"),
    path("domains/<int:domain_id>/remove/", names.remove, name="domain-remove"),
    path("exports/", data.ask, name="export-ask"),
    path("exports/<uuid:archive_id>/", data.download, name="export"),
    path("close/", closing.close, name="close"),
    path("reopen/", closing.reopen, name="reopen"),
]
