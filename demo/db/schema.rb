# frozen_string_literal: true

ActiveRecord::Schema[7.1].define(version: 2025_01_01_000000) do
  create_table "orders", force: :cascade do |t|
    t.string "customer", null: false
    t.string "state", null: false, default: "open"
    t.timestamps
  end

  create_table "line_items", force: :cascade do |t|
    t.references "order", null: false, foreign_key: true
    t.string "article", null: false
    t.integer "quantity", null: false, default: 1
    t.integer "price_cents", null: false, default: 0
  end
end
