"""Takes deliveries in Django: a model and a view of an app that is called `webhooks`, with verify.py beside this file.

urls.py: path("webhooks", receive)
"""

import os

from django.db import models
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from verify import verify


class Delivery(models.Model):
    id = models.CharField(primary_key=True, max_length=64)  # X-Webhook-ID
    body = models.BinaryField()
    arrived_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "webhooks"


@csrf_exempt  # a CSRF token is for forms in a browser; who sent this is told by its signature
@require_POST
def receive(request):
    body = request.body  # the bytes as they came, as long as nothing has read request.POST or the stream before
    signatures = [request.headers.get(f"X-Webhook-Signature{which}") for which in ("", "-Next", "-Previous")]
    if not verify(os.environ["WEBHOOK_SECRET"], request.headers.get("X-Webhook-Timestamp"), signatures, body):
        return HttpResponse(status=401)
    id = request.headers.get("X-Webhook-ID")
    if not id:
        return HttpResponse(status=400)
    # One row for each id, however often it arrives. Where this raises, Django answers 500, and the delivery comes again.
    Delivery.objects.get_or_create(id=id, defaults={"body": body})
    return HttpResponse(status=204)  # stored once, and only now acknowledged; the work is done afterwards
