# A Rails application around the sample, with forgery protection as new applications have it, and an action beside it that
# asks for a token. usage: puma --bind tcp://127.0.0.1:<port> rails.ru, with the samples in RUBYLIB
ENV["RAILS_ENV"] = "production"
require "logger"
require "rails"
require "active_record"
require "action_controller/railtie"

class Site < Rails::Application
  config.load_defaults "#{Rails::VERSION::MAJOR}.#{Rails::VERSION::MINOR}"
  config.eager_load = false
  config.secret_key_base = "of a test"
  config.hosts.clear
  config.logger = Logger.new($stderr)
  config.log_level = :error
  routes.append do
    post "/webhooks", to: "webhooks#create"
    post "/guarded", to: "guarded#create"
  end
end

Site.initialize!
ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: "deliveries.db")
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:deliveries, id: :string) { |t| t.binary :body, null: false; t.datetime :done_at }
end
require "webhooks_controller"

class GuardedController < ActionController::Base
  def create = head(:no_content)
end

run Site
