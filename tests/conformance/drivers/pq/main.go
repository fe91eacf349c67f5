// lib/pq by way of database/sql in ordinary use; prints what it saw, step by step.
package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

func step(name string) { fmt.Println("==", name) }

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println("unexpected:", err)
		os.Exit(1)
	}
	return value
}

func failure(err error) {
	var e *pq.Error
	if errors.As(err, &e) {
		fmt.Println(e.Severity, e.Code, e.Schema, e.Table, e.Column, e.Constraint, e.Detail, e.Position)
		return
	}
	fmt.Println("error:", err)
}

func rowsOf(rows *sql.Rows, err error) string {
	if err != nil {
		return "error " + err.Error()
	}
	defer rows.Close()
	columns := must(rows.Columns())
	var all []string
	for rows.Next() {
		values := make([]any, len(columns))
		for n := range values {
			values[n] = new(any)
		}
		must(0, rows.Scan(values...))
		for _, value := range values {
			all = append(all, fmt.Sprintf("%v", *value.(*any)))
		}
	}
	return fmt.Sprint(all, rows.Err())
}

const types = `SELECT 1::int2, 2::int4, 3::int8, 4.5::float4, 5.5::float8, 6.25::numeric, true, 'text'::text,
	'\xdeadbeef'::bytea, '2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '{1,NULL,3}'::int[],
	'{"a": [1, null]}'::jsonb, '00000000-0000-0000-0000-000000000001'::uuid, NULL::int, '127.0.0.1'::inet`

func ordinary(name, dsn string) {
	step(name + ": types and parameters")
	db := must(sql.Open("postgres", dsn))
	defer db.Close()
	db.SetMaxOpenConns(1)
	fmt.Println(rowsOf(db.Query(types)))
	fmt.Println(rowsOf(db.Query("SELECT $1::int + 1, $2::text, $3::bytea, $4::text[]", 41, "it's", []byte{0, 255}, pq.Array([]string{"x", `"`}))))
	fmt.Println(rowsOf(db.Query("SELECT 1; SELECT 2")))

	step(name + ": prepared")
	statement := must(db.Prepare("SELECT name FROM item WHERE id = $1"))
	for n := 1; n < 4; n++ {
		fmt.Println(rowsOf(statement.Query(n)))
	}
	must(0, statement.Close())
	result := must(db.Exec("UPDATE item SET amount = amount WHERE id < $1", 4))
	fmt.Println(must(result.RowsAffected()))

	step(name + ": errors")
	for _, text := range []string{
		"INSERT INTO item (name) VALUES ('item 1')", "INSERT INTO item (name, amount) VALUES ('negative', -1)",
		"INSERT INTO item (amount) VALUES (1)", "INSERT INTO part VALUES (-1)", "SELECT * FROM missing", "SELEC",
	} {
		_, err := db.Exec(text)
		failure(err)
	}
	_, err := db.Exec("INSERT INTO item (name) VALUES ($1)", "item 2")
	failure(err)

	step(name + ": transactions")
	tx := must(db.Begin())
	must(tx.Exec("INSERT INTO item (name) VALUES ('in a block')"))
	must(tx.Exec("SAVEPOINT a"))
	_, err = tx.Exec("INSERT INTO item (name) VALUES ('in a block')")
	failure(err)
	_, err = tx.Exec("SELECT 1")
	failure(err)
	must(tx.Exec("ROLLBACK TO a"))
	fmt.Println(rowsOf(tx.Query("SELECT count(*) FROM item WHERE name = 'in a block'")))
	fmt.Println(tx.Rollback())
	tx = must(db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable}))
	must(tx.Exec("INSERT INTO part VALUES (-2)"))
	failure(tx.Commit())

	step(name + ": copy")
	tx = must(db.Begin())
	copying := must(tx.Prepare(pq.CopyIn("item", "name", "amount")))
	for n := 0; n < 20000; n++ {
		must(copying.Exec(fmt.Sprint("copied ", n), n))
	}
	fmt.Println(must(must(copying.Exec()).RowsAffected()), copying.Close())
	fmt.Println(rowsOf(tx.Query("SELECT count(*), sum(amount) FROM item")))
	fmt.Println(tx.Rollback())
	tx = must(db.Begin())
	copying = must(tx.Prepare(pq.CopyIn("item", "name", "amount")))
	must(copying.Exec("bad", -1))
	_, err = copying.Exec()
	failure(err)
	copying.Close()
	fmt.Println(tx.Rollback())

	step(name + ": big values")
	big := strings.Repeat("ä", 4_000_000)
	var text string
	var length int
	must(0, db.QueryRow("SELECT $1::text, length($1)", big).Scan(&text, &length))
	var bytes []byte
	must(0, db.QueryRow("SELECT decode(repeat('00ff', 8000000), 'hex')").Scan(&bytes))
	fmt.Printf("%t %d %d %x\n", text == big, length, len(bytes), sha256.Sum256(bytes))
}

func main() {
	ordinary("extended", "")
	ordinary("binary parameters", "binary_parameters=yes")
	db := must(sql.Open("postgres", ""))

	step("notify")
	listener := pq.NewListener("", time.Second, time.Second, nil)
	must(0, listener.Listen("channel"))
	must(db.Exec("SELECT pg_notify('channel', 'one')"))
	heard := <-listener.Notify
	fmt.Println(heard.Channel, heard.Extra, listener.Ping(), listener.Close())

	step("cancel")
	brief, stop := context.WithTimeout(context.Background(), 200*time.Millisecond)
	_, err := db.ExecContext(brief, "SELECT pg_sleep(60)")
	stop()
	failure(err)
	fmt.Println(rowsOf(db.Query("SELECT 1")))

	step("pool")
	db.SetMaxOpenConns(5)
	var group sync.WaitGroup
	var lock sync.Mutex
	sum := 0
	for n := 0; n < 200; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			var value int
			must(0, db.QueryRow("SELECT $1::int", n).Scan(&value))
			lock.Lock()
			sum += value
			lock.Unlock()
		}()
	}
	group.Wait()
	fmt.Println(sum, db.Close())
}
