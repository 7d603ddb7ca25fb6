# frozen_string_literal: true

Rails.application.routes.draw do
  root "pages#home"
  get "up" => "rails/health#show"

  namespace :api do
    resources :orders, only: %i[index show create update destroy]
    get "export" => "exports#show"
    post "jobs/import" => "jobs#import"
    post "jobs/report" => "jobs#report"
    get "failure" => "orders#failure"
  end

  resources :switches, only: %i[index update destroy]
  Leak::KINDS.each { |kind| get "leaks/#{kind}" => "leaks##{kind}" }

  mount HeapPeriscopeUi::Engine => "/heap_periscope" if defined?(HeapPeriscopeUi::Engine)
end
