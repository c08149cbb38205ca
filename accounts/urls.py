"""Pages under /account/ on every clinic's host."""

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.profile, name="profile"),
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("signup/", views.sign_up, name="signup"),
    path("signup/code/", views.sign_up_code, name="signup-code"),
    path("reset/", views.reset, name="reset"),
    path("reset/new/", views.reset_new, name="reset-new"),
    path("reset/<str:uid>/<str:token>/", views.reset_link, name="reset-link"),
    path("password/", views.change_password, name="password"),
]
