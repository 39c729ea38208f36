<?php

declare(strict_types=1);

namespace Money;

/** An amount in cents. */
final class Money
{
    public function __construct(public readonly int $cents)
    {
    }

    public function plus(self $other): self
    {
        return new self($this->cents + $other->cents);
    }

    public function times(int $count): self
    {
        return new self($this->cents * $count);
    }

    public function __toString(): string
    {
        return sprintf('%d.%02d', intdiv($this->cents, 100), abs($this->cents % 100));
    }
}
