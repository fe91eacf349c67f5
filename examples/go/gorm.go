package main

import (
	"log"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

// Product is an ordinary GORM model.
type Product struct {
	ID    int64 `gorm:"primaryKey;autoIncrement"`
	Sku   string
	Name  string
	Stock int
	race  func()
}

// BeforeCreate lets the rival in between GORM's look-up and its INSERT.
func (product *Product) BeforeCreate(*gorm.DB) error {
	if product.race != nil {
		product.race()
	}
	return nil
}

func objects(products ...Product) []Object {
	found := []Object{}
	for _, each := range products {
		found = append(found, Object{each.ID, each.Sku, each.Name})
	}
	return found
}

func gormOperations(url string) []Operation {
	db, err := gorm.Open(postgres.Open(url), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		log.Fatal(err)
	}
	return []Operation{
		{"create", "GORM Create", func(sku string, rival func()) (Told, error) {
			rival()
			product := Product{Sku: sku, Name: "sent", Stock: 2}
			err := db.Create(&product).Error
			return Told{Objects: objects(product)}, err
		}},
		{"save", "GORM Save", func(sku string, rival func()) (Told, error) {
			rival()
			product := Product{Sku: sku, Name: "sent", Stock: 2}
			err := db.Save(&product).Error
			return Told{Objects: objects(product)}, err
		}},
		{"get-or-create", "GORM FirstOrCreate", func(sku string, rival func()) (Told, error) {
			product := Product{race: rival}
			result := db.Where("sku = ?", sku).Attrs(Product{Sku: sku, Name: "sent", Stock: 2}).FirstOrCreate(&product)
			created := result.RowsAffected == 1
			return Told{Objects: objects(product), Created: &created}, result.Error
		}},
		{"bulk create", "GORM Create of a slice", func(sku string, rival func()) (Told, error) {
			rival()
			products := []Product{{Sku: sku + "-new", Name: "sent", Stock: 2}, {Sku: sku, Name: "sent", Stock: 2}}
			err := db.Create(&products).Error
			return Told{Objects: objects(products...)}, err
		}},
		{"upsert API", "GORM clause.OnConflict", func(sku string, rival func()) (Told, error) {
			rival()
			product := Product{Sku: sku, Name: "sent", Stock: 2}
			conflict := clause.OnConflict{Columns: []clause.Column{{Name: "sku"}}, UpdateAll: true}
			return Told{}, db.Clauses(conflict).Create(&product).Error
		}},
		{"raw SQL", "GORM Exec", func(sku string, rival func()) (Told, error) {
			rival()
			result := db.Exec("INSERT INTO products (sku, name, stock) VALUES (?, ?, ?)", sku, "sent", 2)
			return Told{Count: &result.RowsAffected}, result.Error
		}},
	}
}
