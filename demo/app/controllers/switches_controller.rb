# frozen_string_literal: true

# Turns a leak on (PATCH) or off (DELETE), in all worker processes at once.
class SwitchesController < ApplicationController
  skip_forgery_protection if: -> { request.format.json? }

  def index
    render json: Leak.all.to_h { |leak| [leak.kind, leak.on?] }
  end

  def update
    switch(&:turn_on)
  end

  def destroy
    switch(&:turn_off)
  end

  private

  def switch
    leak = Leak.find(params[:id])
    return head(:not_found) unless leak

    yield leak
    respond_to do |format|
      format.json { render json: { leak.kind => leak.on? } }
      format.html { redirect_to root_path }
    end
  end
end
