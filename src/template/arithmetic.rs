//! Python's arithmetic: `+ - * / // % **` and the sign.
//!
//! Owns operators on numbers and sequences. A result that Python's endless integers could hold and ours cannot is
//! a fault, never a rounded number.

use super::comparison::Number;
use super::fault::{Fault, Outcome};
use super::numbers::{to_float, too_large, whole};
use super::percent;
use super::value::Value;

/// The largest text or list that `*` may make; more is a mistake, not a template.
const LARGEST_PRODUCT: usize = 16 << 20;

/// Integers below this are exact as floats, so that dividing them rounds once, as in Python.
const EXACT: u128 = 1 << 53;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

pub fn apply(operator: Operator, left: &Value, right: &Value) -> Outcome<Value> {
    left.clone().defined()?;
    right.clone().defined()?;
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return numbers(operator, left, right);
    }
    match (operator, left, right) {
        (Operator::Add, Value::Text(left), Value::Text(right)) => Ok(Value::text(format!("{left}{right}"))),
        (Operator::Add, Value::List(left), Value::List(right)) => Ok(Value::open_list(
            left.items().iter().chain(right.items().iter()).cloned().collect(),
        )),
        (Operator::Add, Value::Tuple(left), Value::Tuple(right)) => {
            Ok(Value::tuple(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Operator::Multiply, sequence @ (Value::Text(_) | Value::List(_) | Value::Tuple(_)), times)
        | (Operator::Multiply, times, sequence @ (Value::Text(_) | Value::List(_) | Value::Tuple(_))) => {
            match Number::of(times) {
                Some(Number::Integer(times)) => repeat(sequence, times),
                _ => Err(mismatch(operator, left, right)),
            }
        }
        (Operator::Remainder, Value::Text(format), _) => percent::format(format, right).map(Value::text),
        _ => Err(mismatch(operator, left, right)),
    }
}

fn mismatch(operator: Operator, left: &Value, right: &Value) -> Fault {
    Fault::new(format!(
        "`{}` does not work on values of type `{}` and `{}`",
        operator.symbol(),
        left.type_name(),
        right.type_name()
    ))
}

fn repeat(sequence: &Value, times: i128) -> Outcome<Value> {
    let times = usize::try_from(times.max(0)).map_err(|_| too_large())?;
    let size = match sequence {
        Value::Text(text) => text.len(),
        other => other.length()? * size_of::<Value>(),
    };
    if size.saturating_mul(times) > LARGEST_PRODUCT {
        return Err(Fault::unsupported("a product of more than 16 MiB"));
    }
    Ok(match sequence {
        Value::Text(text) => Value::text(text.repeat(times)),
        other => {
            let items = other.iterate()?;
            let repeated = (0..times).flat_map(|_| items.iter().cloned()).collect();
            match other {
                Value::Tuple(_) => Value::tuple(repeated),
                _ => Value::open_list(repeated),
            }
        }
    })
}

fn numbers(operator: Operator, left: Number, right: Number) -> Outcome<Value> {
    match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => integers(operator, left, right),
        _ => floats(operator, left.as_float(), right.as_float()).map(Value::Float),
    }
}

fn integers(operator: Operator, left: i128, right: i128) -> Outcome<Value> {
    if right == 0
        && matches!(
            operator,
            Operator::Divide | Operator::FloorDivide | Operator::Remainder
        )
    {
        return Err(Fault::new("division by zero"));
    }
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => {
            if left.unsigned_abs() > EXACT || right.unsigned_abs() > EXACT {
                return Err(
                    Fault::unsupported("dividing integers beyond 2**53 with `/`").with_remedy("use `//`")
                );
            }
            return Ok(Value::Float(to_float(left) / to_float(right)));
        }
        // Python rounds towards minus infinity, Rust towards zero.
        Operator::FloorDivide => left
            .checked_div(right)
            .map(|quotient| quotient - i128::from(left % right != 0 && (left < 0) != (right < 0))),
        Operator::Remainder => left.checked_rem(right).map(|rest| {
            if rest != 0 && (rest < 0) != (right < 0) {
                rest + right
            } else {
                rest
            }
        }),
        Operator::Power if right < 0 => {
            return floats(operator, to_float(left), to_float(right)).map(Value::Float);
        }
        Operator::Power => match (left, u32::try_from(right)) {
            (0 | 1, _) => Some(if right == 0 { 1 } else { left }),
            (-1, _) => Some(if right % 2 == 0 { 1 } else { -1 }),
            (_, Ok(exponent)) => left.checked_pow(exponent),
            (_, Err(_)) => None,
        },
    };
    result.map(Value::Integer).ok_or_else(too_large)
}

fn floats(operator: Operator, left: f64, right: f64) -> Outcome<f64> {
    if right == 0.0
        && matches!(
            operator,
            Operator::Divide | Operator::FloorDivide | Operator::Remainder
        )
    {
        return Err(Fault::new("division by zero"));
    }
    Ok(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::FloorDivide => divide_with_rest(left, right).0,
        Operator::Remainder => divide_with_rest(left, right).1,
        Operator::Power => return power(left, right),
    })
}

/// Returns quotient and rest as Python's `divmod` computes them for floats.
fn divide_with_rest(left: f64, right: f64) -> (f64, f64) {
    let mut rest = left % right;
    let mut quotient = (left - rest) / right;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(right);
    } else if (right < 0.0) != (rest < 0.0) {
        rest += right;
        quotient -= 1.0;
    }
    let floor = if quotient == 0.0 {
        0.0_f64.copysign(left / right)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        }
    };
    (floor, rest)
}

/// Computes only powers that no mathematical library rounds differently.
fn power(left: f64, right: f64) -> Outcome<f64> {
    if left == 0.0 && right < 0.0 {
        return Err(Fault::new("zero cannot be raised to a negative power"));
    }
    if right.fract() == 0.0 && right.abs() <= 64.0 {
        let product = (0..whole(right.abs())).fold(1.0, |product: f64, _| product * left);
        let is_exact = whole(product.abs().min(1e38)).unsigned_abs() < EXACT && left.fract() == 0.0;
        if is_exact {
            return Ok(if right < 0.0 { 1.0 / product } else { product });
        }
    }
    Err(Fault::unsupported(
        "a power whose exact value is not a whole number",
    ))
}

pub fn negate(value: &Value) -> Outcome<Value> {
    match Number::of(value) {
        Some(Number::Integer(integer)) => integer.checked_neg().map(Value::Integer).ok_or_else(too_large),
        Some(Number::Float(float)) => Ok(Value::Float(-float)),
        None => Err(value.misuse("cannot be negated")),
    }
}
