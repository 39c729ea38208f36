<?php

declare(strict_types=1);

namespace Testing;

/** A class of tests: every public method whose name begins with `test` is one. */
abstract class TestCase
{
    private int $assertions = 0;

    public function assertions(): int
    {
        return $this->assertions;
    }

    protected function same(mixed $expected, mixed $actual, string $what = 'value'): void
    {
        $this->assertions++;
        if ($expected !== $actual) {
            throw new Failure(sprintf('%s is %s, and should be %s', $what, json_encode($actual), json_encode($expected)));
        }
    }

    protected function throws(string $class, callable $action): void
    {
        $this->assertions++;
        try {
            $action();
        } catch (\Throwable $error) {
            if ($error instanceof $class) {
                return;
            }
            throw $error;
        }
        throw new Failure("nothing was thrown, and $class should have been");
    }
}
