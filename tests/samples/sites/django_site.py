"""A Django site around the sample, with Django's own CSRF check, and a view beside it that asks for a token.

usage: django_site.py <port>
"""

import importlib
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "deliveries.db"}},
    USE_TZ=True,
)
django.setup()
# A model can be imported once the settings are there.
sample = importlib.import_module("django_webhooks")
urlpatterns = [path("webhooks", sample.receive), path("guarded", lambda request: HttpResponse(status=204))]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


with connection.schema_editor() as schema:
    schema.create_model(sample.Delivery)
make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet).serve_forever()
