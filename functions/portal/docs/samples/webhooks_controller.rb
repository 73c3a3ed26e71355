# Takes deliveries in Rails: app/controllers/webhooks_controller.rb, with verify.rb in lib/.
#
# config/routes.rb:  post "/webhooks", to: "webhooks#create"
# a migration:       create_table(:deliveries, id: :string) { |t| t.binary :body, null: false; t.datetime :done_at }
require "verify"

class Delivery < ActiveRecord::Base # app/models/delivery.rb; its id is the X-Webhook-ID
end

class WebhooksController < ActionController::Base
  skip_forgery_protection # a CSRF token is for forms in a browser; who sent this is told by its signature

  def create
    body = request.raw_post # the bytes as they came; params has what Rails has parsed of them
    signatures = ["", "-Next", "-Previous"].map { |which| request.headers["X-Webhook-Signature#{which}"] }
    timestamp = request.headers["X-Webhook-Timestamp"].to_s
    return head :unauthorized unless verify(ENV.fetch("WEBHOOK_SECRET"), timestamp, signatures, body)

    id = request.headers["X-Webhook-ID"]
    return head :bad_request if id.blank?

    # One row for each id, however often it arrives: insert skips what is there. Where it raises, Rails answers 500, and the
    # delivery comes again.
    Delivery.insert({ id: id, body: body })
    head :no_content # stored once, and only now acknowledged; the work is done afterwards
  end
end
