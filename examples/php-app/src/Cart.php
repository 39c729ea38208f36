<?php

declare(strict_types=1);

namespace Shop;

use Money\Money;

/** What a customer wants to buy. */
final class Cart
{
    /** @var array<string, array{price: Money, count: int}> */
    private array $items = [];

    public function add(string $name, Money $price, int $count = 1): void
    {
        if ($count < 1) {
            throw new \InvalidArgumentException("cannot add $count of $name");
        }
        $before = $this->items[$name]['count'] ?? 0;
        $this->items[$name] = ['price' => $price, 'count' => $before + $count];
    }

    public function total(): Money
    {
        $total = new Money(0);
        foreach ($this->items as $item) {
            $total = $total->plus($item['price']->times($item['count']));
        }
        return $total;
    }

    public function isEmpty(): bool
    {
        return $this->items === [];
    }

    /** @return list<array{name: string, count: int, price: string}> */
    public function lines(): array
    {
        $lines = [];
        foreach ($this->items as $name => $item) {
            $lines[] = ['name' => $name, 'count' => $item['count'], 'price' => (string) $item['price']];
        }
        return $lines;
    }
}
