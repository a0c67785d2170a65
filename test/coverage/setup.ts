/** A process of the tests may end without writing down what ran in it: each file does so when it is through. */
import { takeCoverage } from 'node:v8'
import { afterAll } from 'vitest'

afterAll(() => takeCoverage())
