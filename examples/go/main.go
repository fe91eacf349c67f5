// What pgx and GORM see of a key that is taken, call by call: one line of JSON each.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Told is what the application got from one operation.
type Told struct {
	Operation string   `json:"operation"`
	Call      string   `json:"call"`
	Sku       string   `json:"sku"`
	Error     string   `json:"error,omitempty"`
	SQLState  string   `json:"sqlstate,omitempty"`
	Count     *int64   `json:"count,omitempty"`
	Objects   []Object `json:"objects,omitempty"`
	Created   *bool    `json:"created,omitempty"`
}

// Object is a product as the application sees it.
type Object struct {
	ID   int64  `json:"id"`
	Sku  string `json:"sku"`
	Name string `json:"name"`
}

// Operation is one way to write a product.
type Operation struct {
	operation, call string
	work            func(sku string, rival func()) (Told, error)
}

const insert = "INSERT INTO products (sku, name, stock) VALUES ($1, $2, $3)"

var ctx = context.Background()

func rowsAffected(tag pgconn.CommandTag, err error) (Told, error) {
	count := tag.RowsAffected()
	return Told{Count: &count}, err
}

func pgxOperations(pool *pgxpool.Pool) []Operation {
	return []Operation{
		{"raw SQL", "pgx Exec", func(sku string, rival func()) (Told, error) {
			rival()
			return rowsAffected(pool.Exec(ctx, insert, sku, "sent", 2))
		}},
		{"raw SQL", "pgx QueryRow RETURNING", func(sku string, rival func()) (Told, error) {
			rival()
			object := Object{}
			row := pool.QueryRow(ctx, insert+" RETURNING id, sku, name", sku, "sent", 2)
			err := row.Scan(&object.ID, &object.Sku, &object.Name)
			return Told{Objects: []Object{object}}, err
		}},
		{"bulk create", "pgx SendBatch", func(sku string, rival func()) (Told, error) {
			rival()
			batch := &pgx.Batch{}
			batch.Queue(insert, sku+"-new", "sent", 2)
			batch.Queue(insert, sku, "sent", 2)
			return Told{}, pool.SendBatch(ctx, batch).Close()
		}},
		{"bulk create", "pgx CopyFrom", func(sku string, rival func()) (Told, error) {
			rival()
			rows := [][]any{{sku + "-new", "sent", int32(2)}, {sku, "sent", int32(2)}}
			count, err := pool.CopyFrom(ctx, pgx.Identifier{"products"}, []string{"sku", "name", "stock"}, pgx.CopyFromRows(rows))
			return Told{Count: &count}, err
		}},
	}
}

func main() {
	// The line that changes: DATABASE_URL names pgconcord's host and port instead of the server's.
	url := os.Getenv("DATABASE_URL")
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	for number, each := range append(pgxOperations(pool), gormOperations(url)...) {
		sku := fmt.Sprintf("sku-%d", number)
		told, err := each.work(sku, func() {
			if _, err := pool.Exec(ctx, insert, sku, "stored", 1); err != nil {
				log.Fatal(err)
			}
		})
		told.Operation, told.Call, told.Sku = each.operation, each.call, sku
		if err != nil {
			told.Error, told.Objects, told.Count, told.Created = fmt.Sprintf("%T", err), nil, nil, nil
			var refused *pgconn.PgError
			if errors.As(err, &refused) {
				told.SQLState = refused.Code
			}
		}
		line, _ := json.Marshal(told)
		fmt.Println(string(line))
		if os.Getenv("STEP") != "" {
			fmt.Scanln()
		}
	}
}
