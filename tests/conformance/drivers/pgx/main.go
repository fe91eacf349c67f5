// pgx v5 in ordinary use, in each of its ways to run a query; prints what it saw, step by step.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

var ctx = context.Background()

func step(name string) { fmt.Println("==", name) }

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println("unexpected:", err)
		os.Exit(1)
	}
	return value
}

func failure(err error) {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		fmt.Println(e.Severity, e.Code, e.SchemaName, e.TableName, e.ColumnName, e.ConstraintName, e.Detail, e.Position)
		return
	}
	fmt.Println("error:", err)
}

func rowsOf(rows pgx.Rows, err error) string {
	if err != nil {
		return "error " + err.Error()
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	return fmt.Sprint(all, err)
}

const types = `SELECT 1::int2, 2::int4, 3::int8, 4.5::float4, 5.5::float8, 6.25::numeric, true, 'text'::text, 'c'::"char",
	'\xdeadbeef'::bytea, '2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '{1,NULL,3}'::int[],
	'{"a": [1, null]}'::jsonb, '00000000-0000-0000-0000-000000000001'::uuid, NULL::int, '1 day 02:03:04'::interval,
	'[1,5)'::int4range, '127.0.0.1'::inet`

func inMode(name string, mode pgx.QueryExecMode) {
	config := must(pgx.ParseConfig(""))
	config.DefaultQueryExecMode = mode
	step(name + ": types and parameters")
	conn := must(pgx.ConnectConfig(ctx, config))
	defer conn.Close(ctx)
	fmt.Println(rowsOf(conn.Query(ctx, types)))
	for n := 0; n < 3; n++ {
		fmt.Println(rowsOf(conn.Query(ctx, "SELECT $1::int + 1, $2::text, $3::bytea, $4::text[]", 41+n, "it's", []byte{0, 255}, []string{"x", `"`})))
		fmt.Println(rowsOf(conn.Query(ctx, "SELECT name FROM item WHERE id = $1", n+1)))
	}
	tag, err := conn.Exec(ctx, "UPDATE item SET amount = amount WHERE id < $1", 4)
	fmt.Println(tag, err)

	step(name + ": errors")
	for _, sql := range []string{
		"INSERT INTO item (name) VALUES ('item 1')", "INSERT INTO item (name, amount) VALUES ('negative', -1)",
		"INSERT INTO item (amount) VALUES (1)", "INSERT INTO part VALUES (-1)", "SELECT * FROM missing", "SELEC",
	} {
		_, err := conn.Exec(ctx, sql)
		failure(err)
	}
	_, err = conn.Exec(ctx, "INSERT INTO item (name) VALUES ($1)", "item 2")
	failure(err)

	step(name + ": batch")
	batch := &pgx.Batch{}
	for n := 0; n < 100; n++ {
		batch.Queue("SELECT $1::int", n)
	}
	batch.Queue("INSERT INTO item (name) VALUES ($1)", "batched")
	results := conn.SendBatch(ctx, batch)
	sum := 0
	for n := 0; n < 100; n++ {
		var value int
		must(0, results.QueryRow().Scan(&value))
		sum += value
	}
	tag, err = results.Exec()
	fmt.Println(sum, tag, err, results.Close())
	failing := &pgx.Batch{}
	failing.Queue("DELETE FROM item WHERE name = 'batched'")
	failing.Queue("INSERT INTO item (name) VALUES ('item 1')")
	failing.Queue("SELECT 1")
	results = conn.SendBatch(ctx, failing)
	for n := 0; n < 3; n++ {
		tag, err = results.Exec()
		fmt.Print(tag, " ")
		failure(err)
	}
	failure(results.Close())
	tag, err = conn.Exec(ctx, "DELETE FROM item WHERE name = 'batched'")
	fmt.Println("rolled back:", tag, err)

	step(name + ": transactions")
	tx := must(conn.Begin(ctx))
	must(tx.Exec(ctx, "INSERT INTO item (name) VALUES ('in a block')"))
	inner := must(tx.Begin(ctx))
	_, err = inner.Exec(ctx, "INSERT INTO item (name) VALUES ('in a block')")
	failure(err)
	_, err = inner.Exec(ctx, "SELECT 1")
	failure(err)
	fmt.Println(inner.Rollback(ctx))
	fmt.Println(rowsOf(tx.Query(ctx, "SELECT count(*) FROM item WHERE name = 'in a block'")))
	fmt.Println(tx.Rollback(ctx))
	tx = must(conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable}))
	must(tx.Exec(ctx, "INSERT INTO part VALUES (-2)"))
	failure(tx.Commit(ctx))

	step(name + ": big values")
	big := strings.Repeat("ä", 4_000_000)
	var text string
	var length int
	must(0, conn.QueryRow(ctx, "SELECT $1::text, length($1)", big).Scan(&text, &length))
	var bytes []byte
	must(0, conn.QueryRow(ctx, "SELECT decode(repeat('00ff', 8000000), 'hex')").Scan(&bytes))
	fmt.Printf("%t %d %d %x\n", text == big, length, len(bytes), sha256.Sum256(bytes))
}

func copying(conn *pgx.Conn) {
	step("copy")
	source := pgx.CopyFromSlice(20000, func(n int) ([]any, error) { return []any{fmt.Sprint("copied ", n), n}, nil })
	fmt.Println(conn.CopyFrom(ctx, pgx.Identifier{"item"}, []string{"name", "amount"}, source))
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"item"}, []string{"name", "amount"}, pgx.CopyFromRows([][]any{{"copied 1", 1}}))
	failure(err)
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"item"}, []string{"name", "amount"}, pgx.CopyFromRows([][]any{{"bad", -1}}))
	failure(err)
	var out strings.Builder
	tag, err := conn.PgConn().CopyTo(ctx, &out, "COPY (SELECT name, amount FROM item ORDER BY id) TO STDOUT")
	fmt.Println(tag, err, out.Len())
	tag, err = conn.PgConn().CopyFrom(ctx, strings.NewReader("x\tnot a number\n"), "COPY item (name, amount) FROM STDIN")
	fmt.Print(tag, " ")
	failure(err)
	fmt.Println(rowsOf(conn.Query(ctx, "SELECT count(*), sum(amount) FROM item")))
}

func pipelining(conn *pgx.Conn) {
	step("pipeline")
	pipeline := conn.PgConn().StartPipeline(ctx)
	for n := 0; n < 3; n++ {
		pipeline.SendQueryParams("SELECT $1::int", [][]byte{[]byte(fmt.Sprint(n))}, nil, nil, nil)
	}
	pipeline.SendPrepare("bad", "SELEC", nil)
	pipeline.SendQueryParams("SELECT 'skipped'", nil, nil, nil, nil)
	must(0, pipeline.Sync())
	pipeline.SendQueryParams("SELECT 'behind the sync'", nil, nil, nil, nil)
	must(0, pipeline.Sync())
	for {
		result, err := pipeline.GetResults()
		if err != nil {
			failure(err)
			continue
		}
		if result == nil {
			break
		}
		switch r := result.(type) {
		case *pgconn.ResultReader:
			read := r.Read()
			fmt.Printf("%s %q\n", read.CommandTag, read.Rows)
		case *pgconn.PipelineSync:
			fmt.Println("sync")
		}
	}
	fmt.Println(pipeline.Close())
}

func notifying(conn, other *pgx.Conn) {
	step("notify")
	must(conn.Exec(ctx, "LISTEN channel"))
	must(conn.Exec(ctx, "NOTIFY channel, 'own'"))
	must(other.Exec(ctx, "SELECT pg_notify('channel', 'other')"))
	for n := 0; n < 2; n++ {
		heard := must(conn.WaitForNotification(ctx))
		fmt.Println(heard.Channel, heard.Payload)
	}
}

func cancelling(conn, other *pgx.Conn) {
	step("cancel")
	done := make(chan error)
	go func() {
		_, err := conn.Exec(ctx, "SELECT pg_sleep(60)")
		done <- err
	}()
	for active := 0; active == 0; {
		must(0, other.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'",
			conn.PgConn().PID()).Scan(&active))
	}
	must(0, conn.PgConn().CancelRequest(ctx))
	failure(<-done)
	fmt.Println(rowsOf(conn.Query(ctx, "SELECT 1")))
}

func pooled() {
	step("pool")
	pool := must(pgxpool.New(ctx, "pool_max_conns=5"))
	defer pool.Close()
	var group sync.WaitGroup
	var lock sync.Mutex
	sum := 0
	for n := 0; n < 200; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			var value int
			must(0, pool.QueryRow(ctx, "SELECT $1::int", n).Scan(&value))
			lock.Lock()
			sum += value
			lock.Unlock()
		}()
	}
	group.Wait()
	fmt.Println(sum)
	brief, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	_, err := pool.Exec(brief, "SELECT pg_sleep(60)")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
}

func main() {
	inMode("cache statement", pgx.QueryExecModeCacheStatement)
	inMode("cache describe", pgx.QueryExecModeCacheDescribe)
	inMode("describe exec", pgx.QueryExecModeDescribeExec)
	inMode("exec", pgx.QueryExecModeExec)
	inMode("simple", pgx.QueryExecModeSimpleProtocol)
	conn, other := must(pgx.Connect(ctx, "")), must(pgx.Connect(ctx, ""))
	copying(conn)
	pipelining(conn)
	notifying(conn, other)
	cancelling(conn, other)
	pooled()
}
