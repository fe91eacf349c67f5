# Ruby's pg in ordinary use; prints what it saw, step by step.
require 'digest'
require 'pg'

def step(name) = puts("== #{name}")
def show(*values) = puts(values.map(&:inspect).join(' '))

FIELDS = [PG::PG_DIAG_SEVERITY, PG::PG_DIAG_SQLSTATE, PG::PG_DIAG_SCHEMA_NAME, PG::PG_DIAG_TABLE_NAME, PG::PG_DIAG_COLUMN_NAME,
          PG::PG_DIAG_CONSTRAINT_NAME, PG::PG_DIAG_MESSAGE_DETAIL, PG::PG_DIAG_STATEMENT_POSITION].freeze

def failure
  yield
  show('no error')
rescue PG::Error => e
  show(e.class, *(e.result ? FIELDS.map { |f| e.result.error_field(f) } : []))
end

connection = PG.connect
notices = []
connection.set_notice_processor { |text| notices << text }

step('types and parameters')
result = connection.exec(%q(SELECT 1::int2, 2::int4, 3::int8, 4.5::float4, 6.25::numeric, true, 'text', '\xdeadbeef'::bytea,
  '2024-02-29 12:34:56.789'::timestamp, '{1,NULL,3}'::int[], '{"a": [1, null]}'::jsonb, NULL::int))
show(result.values, (0...result.nfields).map { |n| result.ftype(n) })
show(connection.exec_params('SELECT $1::int + 1, $2::text, $3::bytea', [41, "it's", { value: "\x00\xff".b, format: 1 }]).values)
show(connection.exec_params('SELECT $1::int4, $2::text', [41, 'x'], 1).values)
mapped = connection.exec('SELECT 1::int4 AS a, 2.5::float8 AS b, true AS c')
mapped.type_map = PG::BasicTypeMapForResults.new(connection)
show(mapped.to_a)

step('prepared')
connection.prepare('get', 'SELECT name FROM item WHERE id = $1')
(1..3).each { |n| show(connection.exec_prepared('get', [n]).values) }
show(connection.describe_prepared('get').nparams)

step('single rows')
connection.send_query('SELECT id FROM item ORDER BY id')
connection.set_single_row_mode
rows = 0
while (part = connection.get_result)
  rows += part.ntuples
end
show(rows)

step('pipeline')
connection.enter_pipeline_mode
10.times { |n| connection.send_query_params('SELECT $1::int', [n]) }
connection.send_query_params('SELECT 1 / $1::int', [0])
connection.send_query_params('SELECT $1::int', [99])
connection.pipeline_sync
connection.send_query_params('SELECT $1::int', [100])
connection.pipeline_sync
synced = 0
while synced < 2
  part = connection.get_result
  next unless part

  synced += 1 if part.result_status == PG::PGRES_PIPELINE_SYNC
  show(part.res_status(part.result_status), part.values)
end
connection.exit_pipeline_mode

step('copy')
connection.copy_data('COPY item (name, amount) FROM STDIN') do
  5000.times { |n| connection.put_copy_data("copied #{n}\t#{n}\n") }
end
failure { connection.copy_data('COPY item (name, amount) FROM STDIN') { connection.put_copy_data("copied 1\t1\n") } }
failure { connection.copy_data('COPY item (name, amount) FROM STDIN') { connection.put_copy_data("bad\t-1\n") } }
size = 0
connection.copy_data('COPY (SELECT * FROM item ORDER BY id) TO STDOUT') do
  while (row = connection.get_copy_data)
    size += row.bytesize
  end
end
show(size, connection.exec('SELECT count(*), sum(amount) FROM item').values)

step('errors')
["INSERT INTO item (name) VALUES ('item 1')", "INSERT INTO item (name, amount) VALUES ('negative', -1)",
 'INSERT INTO item (amount) VALUES (1)', 'INSERT INTO part VALUES (-1)', 'SELECT * FROM missing', 'SELEC'].each do |sql|
  failure { connection.exec(sql) }
  failure { connection.exec_params(sql, []) }
end
failure { connection.exec_params('INSERT INTO item (name) VALUES ($1)', ['item 2']) }
connection.exec("DO $$BEGIN RAISE NOTICE 'hello'; END$$")
show(notices)

step('transactions')
failure do
  connection.transaction do |block|
    block.exec("INSERT INTO item (name) VALUES ('in a block')")
    block.exec('SAVEPOINT a')
    failure { block.exec("INSERT INTO item (name) VALUES ('in a block')") }
    failure { block.exec('SELECT 1') }
    show(block.transaction_status)
    block.exec('ROLLBACK TO a')
    show(block.exec("SELECT count(*) FROM item WHERE name = 'in a block'").values)
    block.exec('INSERT INTO part VALUES (-2)')
  end
end
show(connection.transaction_status, connection.exec('SELECT count(*) FROM part').values)

step('notify')
other = PG.connect
connection.exec("LISTEN channel; NOTIFY channel, 'own'")
other.exec("SELECT pg_notify('channel', 'other')")
2.times { connection.wait_for_notify(10) { |channel, _, payload| show(channel, payload) } }

step('cancel')
connection.send_query('SELECT pg_sleep(60)')
sql = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query = 'SELECT pg_sleep(60)' AND wait_event = 'PgSleep'"
nil while other.exec_params(sql, [connection.backend_pid]).ntuples.zero?
show(connection.cancel)
failure { connection.get_last_result }
show(connection.exec('SELECT 1').values)

step('big values')
big = 'ä' * 4_000_000
back = connection.exec_params('SELECT $1::text, length($1)', [big]).values[0]
show(back[0] == big, back[1])
data = connection.exec_params("SELECT decode(repeat('00ff', 8000000), 'hex')", [], 1).getvalue(0, 0)
show(data.bytesize, Digest::SHA256.hexdigest(data))
connection.reset
show(connection.exec('SELECT 1').values)
