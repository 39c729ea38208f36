<?php

declare(strict_types=1);

namespace Shop;

use Money\Money;

/** What can be bought, from a file of lines `name;price in cents`. */
final class Catalogue
{
    /** @param array<string, Money> $prices */
    private function __construct(private array $prices)
    {
    }

    public static function read(string $file): self
    {
        $lines = file($file, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES);
        $prices = [];
        foreach ($lines as $number => $line) {
            if (!preg_match('/^([^;]+);(\d+)$/', $line, $parts)) {
                throw new \UnexpectedValueException(sprintf('%s:%d: not a product: %s', $file, $number + 1, $line));
            }
            $prices[$parts[1]] = new Money((int) $parts[2]);
        }
        ksort($prices);
        return new self($prices);
    }

    public function price(string $name): Money
    {
        return $this->prices[$name] ?? throw new \OutOfBoundsException("there is no $name");
    }

    /** @return array<string, Money> */
    public function all(): array
    {
        return $this->prices;
    }
}
