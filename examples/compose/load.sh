# Ten INSERTs a second over one connection; psql goes on after an error.
while sleep 0.1; do
  echo "INSERT INTO products (sku, name) VALUES ('sku-' || (random() * 50)::int, 'load') RETURNING id;"
done | psql --quiet
