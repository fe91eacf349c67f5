package shop;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** An ordinary entity. The database makes the id, so that Hibernate reads it back from the INSERT. */
@Entity
@Table(name = "products")
public class Product {
  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  Long id;

  @Column(unique = true, nullable = false)
  String sku;

  @Column(nullable = false)
  String name;

  int stock;

  protected Product() {}

  Product(String sku) {
    this.sku = sku;
    this.name = "sent";
    this.stock = 2;
  }
}
