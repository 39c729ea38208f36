/* SPDX-License-Identifier: MIT */
int main(void)
{
    /* TODO(#7): say hello. */
    return 0;
}
