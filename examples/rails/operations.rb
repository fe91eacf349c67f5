# What Active Record sees of a key that is taken, call by call: one line of JSON each.
require 'active_record'
require 'json'

# The line that changes: DATABASE_URL names pgconcord's host and port instead of the server's.
ActiveRecord::Base.establish_connection(ENV.fetch('DATABASE_URL'))

class Product < ActiveRecord::Base
end

INSERT = 'INSERT INTO products (sku, name, stock) VALUES (%<sku>s, %<name>s, %<stock>d)'.freeze

def insert_sql(sku, name, stock)
  format(INSERT, sku: Product.connection.quote(sku), name: Product.connection.quote(name), stock: stock)
end

# Another session stores the row first.
def rival(sku)
  Thread.new do
    ActiveRecord::Base.connection_pool.with_connection { |other| other.execute(insert_sql(sku, 'stored', 1)) }
  end.join
end

def told(*products)
  { objects: products.map { |each| { sku: each.sku, id: each.id, name: each.name } } }
end

def created(product)
  told(product).merge(created: product.previously_new_record?)
end

OPERATIONS = [
  ['create', 'create!', lambda { |sku|
    rival(sku)
    told(Product.create!(sku: sku, name: 'sent', stock: 2))
  }],
  ['save', 'new.save!', lambda { |sku|
    rival(sku)
    told(Product.new(sku: sku, name: 'sent', stock: 2).tap(&:save!))
  }],
  ['get-or-create', 'find_or_create_by!', lambda { |sku|
    created(Product.find_or_create_by!(sku: sku) { |product|
      product.assign_attributes(name: 'sent', stock: 2)
      rival(sku)
    })
  }],
  ['get-or-create', 'create_or_find_by!', lambda { |sku|
    rival(sku)
    created(Product.create_or_find_by!(sku: sku) { |product| product.assign_attributes(name: 'sent', stock: 2) })
  }],
  ['update-or-create', 'find_or_initialize_by, update!', lambda { |sku|
    product = Product.find_or_initialize_by(sku: sku)
    rival(sku)
    product.update!(name: 'sent', stock: 2)
    created(product)
  }],
  ['bulk create', 'insert_all!', lambda { |sku|
    rival(sku)
    rows = ["#{sku}-new", sku].map { |key| { sku: key, name: 'sent', stock: 2 } }
    { count: Product.insert_all!(rows).length }
  }],
  ['upsert API', 'insert_all', lambda { |sku|
    rival(sku)
    { count: Product.insert_all([{ sku: sku, name: 'sent', stock: 2 }]).length }
  }],
  ['upsert API', 'upsert_all', lambda { |sku|
    rival(sku)
    { count: Product.upsert_all([{ sku: sku, name: 'sent', stock: 2 }], unique_by: :sku).length }
  }],
  ['raw SQL', 'connection.exec_update', lambda { |sku|
    rival(sku)
    { count: Product.connection.exec_update(insert_sql(sku, 'sent', 2)) }
  }]
].freeze

OPERATIONS.each_with_index do |(operation, call, work), number|
  sku = "sku-#{number}"
  result = begin
    work.call(sku)
  rescue ActiveRecord::ActiveRecordError => e
    { error: e.class.name, sqlstate: e.cause.respond_to?(:result) ? e.cause.result&.error_field(PG::Result::PG_DIAG_SQLSTATE) : nil }
  end
  puts JSON.generate({ operation: operation, call: call, sku: sku, **result })
  $stdout.flush
  $stdin.gets if ENV['STEP']
end
