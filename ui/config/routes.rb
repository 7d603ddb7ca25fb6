# frozen_string_literal: true

HeapPeriscopeUi::Engine.routes.draw do
  root "overview#show"
  mount HeapPeriscopeUi::Assets => "assets", as: :asset_files
  mount HeapPeriscopeUi::Health => "health", as: :health

  %w[processes services].each do |subject|
    scope "#{subject}/:id", constraints: { id: /\d+/ }, defaults: { kind_of: subject.singularize } do
      get "/" => "processes#show", as: subject.singularize
      %i[metrics classes].each { |action| get "charts/#{action}" => "charts##{action}", as: "#{subject.singularize}_chart_#{action}" }
    end
  end
  get "spans" => "spans#show"
  get "spans/chart" => "charts#span"
  get "leaks" => "leaks#show"
  get "retained_sites" => "sites#retained"
  get "allocation_sites" => "sites#allocation"
  get "compare" => "compare#show"
  get "status" => "status#show"
  get "status/chart" => "charts#status"

  post "processes/:id/delete" => "deletions#delete_process", as: :delete_process, constraints: { id: /\d+/ }
  post "services/:id/delete" => "deletions#delete_service", as: :delete_service, constraints: { id: /\d+/ }

  namespace :api do
    namespace :v1 do
      get "status" => "status#show"
      get "events" => "status#events"
      get "live" => "status#live"
      get "processes" => "processes#index"
      %w[processes services].each do |subject|
        scope "#{subject}/:id", controller: "processes", as: subject.singularize, constraints: { id: /\d+/ },
                                defaults: { kind_of: subject.singularize } do
          get "/", action: :show
          %i[series classes class_history compare pauses].each { |action| get action.to_s, action: action, as: action }
        end
      end
      %w[spans span allocation_sites retained_sites leak_suspects].each { |action| get action => "findings##{action}" }
      get "*path" => "status#unknown", format: false
    end
  end
end
